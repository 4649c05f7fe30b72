import tokens from "@/styles/tokens.css?raw";

export type Palette = Record<string, string>;

/** The custom properties of the block that begins with this selector. */
function block(selector: string): Palette {
  const start = tokens.indexOf(`${selector} {`);
  const text = tokens.slice(start, tokens.indexOf("\n}", start)).replace(/\/\*.*?\*\//gs, "");
  return Object.fromEntries([...text.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((m) => [m[1] ?? "", (m[2] ?? "").trim()]));
}

export const dark: Palette = block(":root");
export const light: Palette = { ...dark, ...block('[data-theme="light"]') };
