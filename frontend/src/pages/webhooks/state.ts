import type { Schemas } from "@/api/client";
import type { Look } from "@/lib/status";

type T = (key: string, values?: Record<string, unknown>) => string;

/** How a webhook fares: its shape and its words. */
export function stateOf(hook: Schemas["WebhookOut"], now: Date, t: T): { look: Look; text: string } {
  if (hook.is_active === false) return { look: "off", text: hook.disabled_reason ? t("webhooks.isOff", { reason: hook.disabled_reason }) : t("webhooks.off") };
  if (hook.paused_until && Date.parse(hook.paused_until) > now.getTime()) return { look: "paused", text: t("webhooks.failing", { count: hook.failures ?? 0 }) };
  if (hook.failures) return { look: "timeout", text: t("webhooks.failing", { count: hook.failures }) };
  return { look: "completed", text: t("webhooks.active") };
}

const LOOKS: Record<string, Look> = { pending: "queued", success: "completed", failed: "failed" };

/** How a delivery looks. */
export function lookOfDelivery(status: string | undefined): Look {
  return LOOKS[status ?? ""] ?? "off";
}
