import { ask } from "@/api/client";

/** One part of the product: how it is, and what is wrong with it. */
export interface Part {
  status: string;
  kind?: string;
  embedded?: boolean;
  engine?: string;
  consuming?: number;
  problem?: string;
}

/** What `GET /health` says; the release only to those who may see the installation. */
export interface Health {
  status: string;
  version?: string;
  database: Part;
  schema: Part;
  broker: Part;
  workers: Part;
  docker: Part;
}

/** Ask how the product is. A product that is not well answers 503, and tells all the same. */
export async function askHealth(): Promise<Health> {
  const answer = await ask(new Request(new URL("/health", location.origin), { headers: { Accept: "application/json" } }));
  return (await answer.json()) as Health;
}

/** The names of what things are made of, as their makers write them. */
export const KINDS: Readonly<Record<string, string>> = { sqlite: "SQLite", postgresql: "PostgreSQL", redis: "Redis", amqp: "RabbitMQ" };
