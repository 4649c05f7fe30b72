import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { ask } from "@/api/client";
import { errorOf } from "@/api/errors";

/** Who uses the page, as `GET /api/auth/me` tells. */
export interface Me {
  actor: string;
  username: string | null;
  email?: string | null;
  roles: string[];
  permissions: string[];
  auth_enabled: boolean;
  must_change_password?: boolean;
}

/** Who is signed in, and what the page may offer to do. */
export const useSession = defineStore("session", () => {
  const me = ref<Me | null>(null);
  const permissions = computed(() => new Set(me.value?.permissions ?? []));

  async function load(): Promise<void> {
    const answer = await ask(new Request(new URL("/api/auth/me", location.origin)));
    const body: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw errorOf(answer, body);
    me.value = (body as { data: Me }).data;
  }

  async function signOut(): Promise<void> {
    await ask(new Request(new URL("/api/auth/logout", location.origin), { method: "POST" }));
    me.value = null;
    location.assign("/login");
  }

  /** Whether one of these permissions is there. */
  function may(...wanted: string[]): boolean {
    return wanted.some((permission) => permissions.value.has(permission));
  }

  /** The same for a thing of this owner: what is for one's own counts only there. */
  function mayOf(owner: string | null | undefined, ...wanted: string[]): boolean {
    return may(...wanted.filter((permission) => !permission.endsWith("-own") || owner === me.value?.actor));
  }

  return { me, may, mayOf, load, signOut };
});
