import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref } from "vue";

import { api, body, type Schemas } from "@/api/client";

export type Execution = Schemas["ExecutionOut"];

export interface LastGood {
  good: ComputedRef<Execution | null>;
  isPending: Ref<boolean>;
  error: Ref<Error | null>;
  retry: () => void;
}

/** The last execution of the same job that completed before this one began. */
export function useLastGood(execution: () => Execution | undefined): LastGood {
  const query = useQuery({
    queryKey: computed(() => ["last-good", execution()?.id]),
    queryFn: async () => {
      const { job_id, started_at, created_at, id } = execution() ?? {};
      const asked = { job_id, status: ["completed"], date_to: started_at ?? created_at, limit: 2 };
      const page = await body(api.GET("/api/executions", { params: { query: asked as never } }));
      const found = (page.data ?? []).find((row) => row.id !== id);
      if (!found) return null;
      return (await body(api.GET("/api/executions/{execution_id}", { params: { path: { execution_id: found.id ?? "" } } }))).data ?? null;
    },
    enabled: computed(() => !!execution()?.id),
    staleTime: Infinity,
    retry: false,
  });
  return {
    good: computed(() => query.data.value ?? null),
    isPending: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
  };
}

export interface Fact {
  key: "version" | "exit" | "duration" | "worker" | "queue" | "priority" | "origin" | "memory";
  before: string;
  after: string;
}

type Read = (row: Execution) => string;

/** What can be said of both in a word, and what of it differs. */
export function factsOf(good: Execution, other: Execution, reads: Record<Fact["key"], Read>): { facts: Fact[]; differing: Set<Fact["key"]> } {
  const facts = (Object.entries(reads) as [Fact["key"], Read][]).map(([key, read]) => ({ key, before: read(good), after: read(other) }));
  return { facts, differing: new Set(facts.filter((fact) => fact.before !== fact.after).map((fact) => fact.key)) };
}

const MOST_LINES = 200;

/** The last lines of what an execution printed. */
export function tailOf(execution: Execution): string {
  return (execution.output ?? "").replace(/\n$/, "").split("\n").slice(-MOST_LINES).join("\n");
}
