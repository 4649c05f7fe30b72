import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref } from "vue";

import { api, body } from "@/api/client";
import { bestOf } from "@/lib/fuzzy";
import { useSession } from "@/stores/session";

import type { Hit, Wish } from "./items";

const MOST = 8;
const KINDS = { people: ["person"], executions: ["execution"], commands: [] } as const;

/**
 * What is found: jobs among their names, which are here while they are not too many, with letters
 * left out; all else, and jobs of which there are more, by the server.
 */
export function useHits(wish: Ref<Wish>, settled: Ref<Wish>): { hits: ComputedRef<Hit[]>; isLooking: ComputedRef<boolean>; error: Ref<Error | null> } {
  const session = useSession();
  const names = useQuery({
    queryKey: ["search", "names"],
    queryFn: () => body(api.GET("/api/search/names")),
    enabled: computed(() => session.may("job:read")),
    staleTime: 60_000,
  });
  const isHere = computed(() => names.data.value?.data?.is_complete === true);
  const here = computed(() => (isHere.value && wish.value.only === null ? bestOf(wish.value.text, names.data.value?.data?.jobs ?? [], (hit) => hit.title, MOST) : []));

  const asked = computed(() => ({ ...settled.value, isHere: isHere.value }));
  const found = useQuery({
    queryKey: computed(() => ["search", asked.value]),
    queryFn: () => {
      const kind = asked.value.only ? [...KINDS[asked.value.only]] : undefined;
      return body(api.GET("/api/search", { params: { query: { q: asked.value.text, limit: MOST, ...(kind ? { kind } : {}) } } }));
    },
    enabled: computed(() => asked.value.text !== "" && asked.value.only !== "commands"),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const there = computed(() => (settled.value.text && settled.value.only !== "commands" ? (found.data.value?.data ?? []) : []));
  const hits = computed(() => {
    const known = new Set(here.value.map((hit) => hit.id));
    return [...here.value, ...there.value.filter((hit) => !known.has(hit.id))];
  });
  return { hits, isLooking: computed(() => found.isFetching.value || wish.value.text !== settled.value.text), error: found.error };
}
