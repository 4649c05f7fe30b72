/** The names of months and weekdays, short, in a language. */
export interface Choice {
  value: number;
  label: string;
}

function short(language: string, options: Intl.DateTimeFormatOptions, date: Date): string {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...options, timeZone: "UTC" }).format(date);
}

export function months(language: string): Choice[] {
  return Array.from({ length: 12 }, (_, index) => ({ value: index + 1, label: short(language, { month: "short" }, new Date(Date.UTC(2024, index, 1))) }));
}

/** Monday first; 0 is Sunday. */
export function weekdays(language: string): Choice[] {
  return [1, 2, 3, 4, 5, 6, 0].map((value) => ({ value, label: short(language, { weekday: "short" }, new Date(Date.UTC(2024, 0, 7 + value))) }));
}

export function range(from: number, to: number, step = 1): Choice[] {
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => from + index * step).map((value) => ({ value, label: from === 0 ? String(value).padStart(2, "0") : String(value) }));
}
