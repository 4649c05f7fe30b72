/** The limits of a queue as the form takes them. */
export interface LimitsForm {
  limit: string;
  count: string;
  period: string;
}

export interface Limits {
  limit: number | null;
  rate: string | null;
}

const WHOLE = /^\d{1,9}$/;
const PERIOD = /^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/;
const MOST = 10_000;

/** What the form shows of the limits that a queue has. */
export function formOf(limit: number | null | undefined, rate: string | null | undefined): LimitsForm {
  const [count = "", period = ""] = (rate ?? "").split("/");
  return { limit: limit ? String(limit) : "", count, period: period || "1m" };
}

/** The limits that a form stands for, or the fields that are not right. An empty field is no limit. */
export function limitsOf(form: LimitsForm): { limits: Limits } | { wrong: ("limit" | "rate")[] } {
  const wrong: ("limit" | "rate")[] = [];
  const [limit, count, period] = [form.limit.trim(), form.count.trim(), form.period.trim().toLowerCase()];
  const isCount = (text: string): boolean => WHOLE.test(text) && Number(text) >= 1 && Number(text) <= MOST;
  if (limit && !isCount(limit)) wrong.push("limit");
  if (count && (!isCount(count) || !period || !PERIOD.test(period))) wrong.push("rate");
  if (wrong.length) return { wrong };
  return { limits: { limit: limit ? Number(limit) : null, rate: count ? `${count}/${period}` : null } };
}
