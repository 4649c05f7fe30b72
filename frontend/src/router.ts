import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

declare module "vue-router" {
  interface RouteMeta {
    /** The text of the navigation that names this page. */
    title?: string;
    /** Permissions of which one is needed to come here. */
    needs?: string[];
    /** Outside of the shell: sign-in and the first start. */
    bare?: boolean;
  }
}

/** A page that stands in the navigation; each is fetched when it is first opened. */
export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/overview" },
  {
    path: "/overview",
    component: () => import("@/pages/overview/OverviewPage.vue"),
    meta: { title: "nav.overview", needs: ["dashboard:user"] },
  },
  {
    path: "/jobs",
    component: () => import("@/pages/jobs/JobsPage.vue"),
    meta: { title: "nav.jobs", needs: ["job:read"] },
  },
  {
    path: "/jobs/new",
    component: () => import("@/pages/jobs/editor/EditorPage.vue"),
    meta: { title: "jobs.new", needs: ["job:write"] },
  },
  {
    path: "/jobs/:id/edit",
    component: () => import("@/pages/jobs/editor/EditorPage.vue"),
    meta: { title: "nav.jobs", needs: ["job:write", "job:write-own"] },
  },
  {
    path: "/jobs/:id/:tab?",
    component: () => import("@/pages/jobs/detail/JobPage.vue"),
    meta: { title: "nav.jobs", needs: ["job:read"] },
  },
  {
    path: "/executions",
    component: () => import("@/pages/executions/ExecutionsPage.vue"),
    meta: { title: "nav.executions", needs: ["execution:read"] },
  },
  {
    path: "/executions/:id",
    component: () => import("@/pages/executions/ExecutionPage.vue"),
    meta: { title: "nav.executions", needs: ["execution:read"] },
  },
  {
    path: "/chains/new",
    component: () => import("@/pages/chains/ChainEditorPage.vue"),
    meta: { title: "chains.new", needs: ["job:write"] },
  },
  {
    path: "/chains/:id/edit",
    component: () => import("@/pages/chains/ChainEditorPage.vue"),
    meta: { title: "nav.chains", needs: ["job:write", "job:write-own"] },
  },
  {
    path: "/chains",
    component: () => import("@/pages/chains/ChainsPage.vue"),
    meta: { title: "nav.chains", needs: ["job:read"] },
  },
  {
    path: "/chains/:id",
    component: () => import("@/pages/chains/ChainsPage.vue"),
    meta: { title: "nav.chains", needs: ["job:read"] },
  },
  {
    path: "/dead-letters",
    component: () => import("@/pages/deadLetters/DeadLettersPage.vue"),
    meta: { title: "nav.deadLetters", needs: ["execution:read"] },
  },
  {
    path: "/timeline",
    component: () => import("@/pages/timeline/TimelinePage.vue"),
    meta: { title: "nav.timeline", needs: ["execution:read"] },
  },
  {
    path: "/workers",
    component: () => import("@/pages/workers/WorkersPage.vue"),
    meta: { title: "nav.workers", needs: ["dashboard:user"] },
  },
  {
    path: "/projects",
    component: () => import("@/pages/projects/ProjectsPage.vue"),
    meta: { title: "nav.projects", needs: ["job:read"] },
  },
  {
    path: "/tags",
    component: () => import("@/pages/projects/TagsPage.vue"),
    meta: { title: "nav.projects", needs: ["job:read"] },
  },
  {
    path: "/webhooks",
    component: () => import("@/pages/webhooks/WebhooksPage.vue"),
    meta: { title: "nav.webhooks", needs: ["webhook:read"] },
  },
  {
    path: "/webhooks/:id",
    component: () => import("@/pages/webhooks/WebhookPage.vue"),
    meta: { title: "nav.webhooks", needs: ["webhook:read"] },
  },
  {
    path: "/variables",
    component: () => import("@/pages/variables/VariablesPage.vue"),
    meta: { title: "nav.variables", needs: ["variable:read"] },
  },
  {
    path: "/audit",
    component: () => import("@/pages/audit/AuditPage.vue"),
    meta: { title: "nav.audit", needs: ["system:audit"] },
  },
  { path: "/settings", redirect: "/settings/general" },
  {
    path: "/settings/:tab",
    component: () => import("@/pages/settings/SettingsPage.vue"),
    meta: { title: "nav.settings" },
  },
  {
    path: "/api-keys",
    component: () => import("@/pages/keys/KeysPage.vue"),
    meta: { title: "nav.apiKeys" },
  },
  {
    path: "/users",
    component: () => import("@/pages/people/UsersPage.vue"),
    meta: { title: "nav.users", needs: ["user:manage"] },
  },
  {
    path: "/roles",
    component: () => import("@/pages/people/RolesPage.vue"),
    meta: { title: "people.roles", needs: ["user:manage", "role:assign"] },
  },
  {
    path: "/profile",
    component: () => import("@/pages/people/ProfilePage.vue"),
    meta: { title: "people.profile" },
  },
  {
    path: "/welcome",
    component: () => import("@/pages/people/WelcomePage.vue"),
    meta: { title: "people.welcome", bare: true },
  },
  { path: "/:rest(.*)*", component: () => import("@/pages/system/NotFoundPage.vue"), meta: { title: "error.notFound" } },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
