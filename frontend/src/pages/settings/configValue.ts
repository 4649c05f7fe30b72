/** The value of a setting as a field shows it: JSON texts without their quotes. */
export function shown(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}

/** The JSON that a typed value stands for; numbers stay numbers where one was before. */
export function typed(text: string, before: string): string {
  const wasNumber = /^-?\d/.test(before.trim());
  const isNumber = /^-?\d+(\.\d+)?$/.test(text.trim());
  return wasNumber && isNumber ? text.trim() : JSON.stringify(text.trim());
}

/** The name by which the environment gives a setting. */
export function environmentName(key: string): string {
  return key.toUpperCase();
}
