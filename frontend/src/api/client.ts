import createClient, { type Middleware } from "openapi-fetch";

import { ApiError, errorOf } from "./errors";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const TIMEOUT_MS = 30_000;
const CHANGES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Asked without a session: to be refused there is an answer, not a reason to sign in anew. */
const SIGN_IN = ["/api/auth/login", "/api/auth/refresh", "/setup/"];

let onSignedOut: () => void = () => undefined;

/** Say what is to happen when the session has ended for good. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

function cookie(name: string): string | null {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}

function prepared(request: Request): Request {
  if (CHANGES.has(request.method)) {
    const token = cookie("oneoff_csrf");
    if (token) request.headers.set("X-CSRF-Token", token);
  }
  return request;
}

/** Have the session renewed; of several calls, also from other tabs, one asks. */
async function renew(): Promise<boolean> {
  const ask = async (): Promise<boolean> => {
    const request = prepared(new Request(new URL("/api/auth/refresh", location.origin), { method: "POST", headers: { "X-Session": "cookie" } }));
    return (await fetch(request)).ok;
  };
  const before = cookie("oneoff_csrf");
  if (!before) return false;
  return navigator.locks ? navigator.locks.request("oneoff.renew", ask) : ask();
}

async function send(request: Request): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(prepared(request), { signal: AbortSignal.any([request.signal, timeout]) });
  } catch (reason) {
    if (request.signal.aborted) throw reason;
    throw new ApiError(0, "OFFLINE", "no answer from the server");
  }
}

/** Fetch; where the session has run out, renew it once and ask again. */
export async function ask(request: Request): Promise<Response> {
  const spare = request.clone();
  const answer = await send(request);
  const path = new URL(request.url).pathname;
  if (answer.status !== 401 || SIGN_IN.some((prefix) => path.startsWith(prefix))) return answer;
  if (await renew()) return send(spare);
  onSignedOut();
  return answer;
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return response;
    const body: unknown = await response.clone().json().catch(() => null);
    throw errorOf(response, body);
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, fetch: ask });
api.use(refusals);

/** The body of an answer that went well. Refusals are thrown as ApiError before. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new ApiError(0, "EMPTY", "the server sent no answer");
  return data;
}
