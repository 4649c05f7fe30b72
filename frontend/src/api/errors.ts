/** One thing wrong in what was sent: where, what, and the value shortened. */
export interface Fault {
  field: string;
  message: string;
  value?: string;
}

interface ErrorBody {
  error?: string;
  code?: string;
  details?: unknown;
  trace_id?: string;
}

/** Why the server refused, or why it could not be asked (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = null,
    readonly traceId: string = "",
    /** Seconds after which one may try again. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The faults by field, for forms. */
  get faults(): Fault[] {
    return Array.isArray(this.details) ? (this.details as Fault[]) : [];
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

/** The error that an answer stands for. */
export function errorOf(response: Response, body: unknown): ApiError {
  const said = (typeof body === "object" && body !== null ? body : {}) as ErrorBody;
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    said.code ?? "INTERNAL_ERROR",
    said.error ?? response.statusText,
    said.details ?? null,
    said.trace_id ?? "",
    Number.isFinite(after) && after > 0 ? after : null,
  );
}
