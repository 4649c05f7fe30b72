import { keepPreviousData, useInfiniteQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, ref, type Ref, watch } from "vue";

/** A page of a list as the server sends it. */
export interface Page<Row> {
  data?: Row[];
  total?: number;
  total_is_capped?: boolean;
  next_cursor?: string | null;
}

export interface List<Row> {
  rows: ComputedRef<Row[]>;
  total: ComputedRef<number>;
  isCapped: ComputedRef<boolean>;
  hasMore: Ref<boolean>;
  isLoading: Ref<boolean>;
  isLoadingMore: Ref<boolean>;
  isStale: Ref<boolean>;
  error: Ref<Error | null>;
  more: () => void;
  retry: () => void;
}

/** Of longer lists only what is asked for anew comes anew: keeping them true would ask for all their pages. */
const MOST_LIVE = 6;

/** A list that grows page by page, is kept true by the live mark, and keeps its rows while it asks. */
export function useList<Row>(
  name: string,
  filters: ComputedRef<Record<string, unknown>>,
  fetchPage: (filters: Record<string, unknown>, cursor: string | undefined) => Promise<Page<Row>>,
): List<Row> {
  const loaded = ref(0);
  const query = useInfiniteQuery({
    queryKey: computed(() => [name, filters.value]),
    queryFn: ({ pageParam }) => fetchPage(filters.value, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    meta: computed(() => ({ live: loaded.value <= MOST_LIVE })),
  });
  const pages = computed(() => query.data.value?.pages ?? []);
  watch(pages, (now) => (loaded.value = now.length), { immediate: true });
  return {
    rows: computed(() => pages.value.flatMap((page) => page.data ?? [])),
    total: computed(() => pages.value[0]?.total ?? 0),
    isCapped: computed(() => pages.value[0]?.total_is_capped ?? false),
    hasMore: query.hasNextPage,
    isLoading: query.isPending,
    isLoadingMore: query.isFetchingNextPage,
    isStale: query.isPlaceholderData,
    error: query.error,
    more: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
  };
}
