import { Bell, CalendarClock, FileText, ShieldAlert, SlidersHorizontal, SquareTerminal } from "lucide-vue-next";
import type { Component } from "vue";

import type { Section } from "./jobForm";

export const SECTION_ICONS: Record<Section, Component> = {
  general: FileText,
  what: SquareTerminal,
  when: CalendarClock,
  fails: ShieldAlert,
  notify: Bell,
  advanced: SlidersHorizontal,
};
