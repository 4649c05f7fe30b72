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
  { path: "/:rest(.*)*", component: () => import("@/pages/system/NotFoundPage.vue"), meta: { title: "error.notFound" } },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
