import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { api, ask, whenSignedOut } from "@/api/client";
import { ApiError } from "@/api/errors";

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

let answers: ((request: Request) => Response)[];
let asked: Request[];

beforeEach(() => {
  [answers, asked] = [[], []];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    const next = answers.shift();
    return next ? Promise.resolve(next(request)) : Promise.reject(new TypeError("no network"));
  });
  document.cookie = "oneoff_csrf=token";
});
afterEach(() => vi.unstubAllGlobals());

it("turns a refusal into an error that says why", async () => {
  answers = [() => json(400, { error: "name: too long", code: "VALIDATION_ERROR", details: [{ field: "name", message: "too long" }], trace_id: "t1" })];
  const error = await api.GET("/api/jobs").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 400, code: "VALIDATION_ERROR", traceId: "t1", faults: [{ field: "name" }] });
});

it("sends the token of the session with changes, and with nothing else", async () => {
  answers = [() => json(200, {}), () => json(201, {})];
  await ask(new Request("http://localhost/api/jobs"));
  await ask(new Request("http://localhost/api/jobs", { method: "POST" }));
  expect(asked.map((request) => request.headers.get("X-CSRF-Token"))).toEqual([null, "token"]);
});

it("renews a session once and asks again", async () => {
  answers = [() => json(401, {}), () => json(200, {}), () => json(200, { data: [] })];
  const answer = await ask(new Request("http://localhost/api/jobs"));
  expect(answer.status).toBe(200);
  expect(asked.map((request) => new URL(request.url).pathname)).toEqual(["/api/jobs", "/api/auth/refresh", "/api/jobs"]);
});

it("leads to the sign-in when the session can't be renewed", async () => {
  const signedOut = vi.fn();
  whenSignedOut(signedOut);
  answers = [() => json(401, {}), () => json(401, {})];
  expect((await ask(new Request("http://localhost/api/jobs"))).status).toBe(401);
  expect(signedOut).toHaveBeenCalledOnce();
});

it("tells a server that does not answer from one that refuses", async () => {
  const error = await ask(new Request("http://localhost/api/jobs")).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ status: 0, isOffline: true });
});
