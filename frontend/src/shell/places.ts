import {
  Bell,
  CalendarClock,
  CirclePlay,
  FileKey2,
  Folder,
  History,
  KeyRound,
  LayoutDashboard,
  Link2,
  ScrollText,
  Server,
  Settings,
  SquareChartGantt,
  Users,
  Variable,
  Webhook,
} from "lucide-vue-next";
import type { Component } from "vue";

/** A place in the navigation. */
export interface Place {
  path: string;
  title: string;
  icon: Component;
  needs: string[];
  /** Other pages that belong to it. */
  also?: string[];
  /** After `g`: the letter that goes there. */
  letter?: string;
}

export interface Group {
  title: string;
  places: Place[];
}

/** The navigation, whole; what the signed-in person may not see is left out of it. */
export const GROUPS: Group[] = [
  {
    title: "nav.main",
    places: [
      { path: "/overview", title: "nav.overview", icon: LayoutDashboard, needs: ["dashboard:user"], letter: "o" },
      { path: "/jobs", title: "nav.jobs", icon: CalendarClock, needs: ["job:read"], letter: "j" },
      { path: "/executions", title: "nav.executions", icon: History, needs: ["execution:read"], letter: "e" },
      { path: "/timeline", title: "nav.timeline", icon: SquareChartGantt, needs: ["execution:read"], letter: "t" },
      { path: "/chains", title: "nav.chains", icon: Link2, needs: ["job:read"], letter: "c" },
      { path: "/dead-letters", title: "nav.deadLetters", icon: Bell, needs: ["execution:read"], letter: "d" },
    ],
  },
  {
    title: "nav.connect",
    places: [
      { path: "/webhooks", title: "nav.webhooks", icon: Webhook, needs: ["webhook:read"], letter: "w" },
      { path: "/variables", title: "nav.variables", icon: Variable, needs: ["variable:read"], letter: "v" },
    ],
  },
  {
    title: "nav.platform",
    places: [
      { path: "/workers", title: "nav.workers", icon: Server, needs: ["dashboard:user"], letter: "q" },
      { path: "/projects", title: "nav.projects", icon: Folder, needs: ["job:read"], letter: "p", also: ["/tags"] },
    ],
  },
  {
    title: "nav.admin",
    places: [
      { path: "/users", title: "nav.users", icon: Users, needs: ["user:manage", "role:assign"], also: ["/roles"] },
      { path: "/api-keys", title: "nav.apiKeys", icon: KeyRound, needs: [] },
      { path: "/audit", title: "nav.audit", icon: ScrollText, needs: ["system:audit"] },
      { path: "/settings", title: "nav.settings", icon: Settings, needs: ["dashboard:admin"], letter: "s" },
    ],
  },
];

export const ICONS = { CirclePlay, FileKey2 };
