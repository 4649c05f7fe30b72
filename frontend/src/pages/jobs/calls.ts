/** What is done with one job, as calls of the API. */
import { api } from "@/api/client";

const at = (id: string): { params: { path: { job_id: string } } } => ({ params: { path: { job_id: id } } });
type Body = Record<string, unknown>;

/** What may be given to an execution that is started by hand. */
export interface Given {
  env?: Record<string, string>;
  args?: string[];
  body?: string;
  priority?: number;
  skip_overlap?: boolean;
}

export const calls = {
  run: (id: string, given: Given = {}) => api.POST("/api/jobs/{job_id}/execute", { ...at(id), body: given as never }),
  pause: (id: string, body: Body = {}) => api.POST("/api/jobs/{job_id}/pause", { ...at(id), body: body as never }),
  resume: (id: string, body: Body = {}) => api.POST("/api/jobs/{job_id}/resume", { ...at(id), body: body as never }),
  start: (id: string) => api.POST("/api/jobs/{job_id}/start", { ...at(id), body: {} as never }),
  stop: (id: string) => api.POST("/api/jobs/{job_id}/stop", { ...at(id), body: {} as never }),
  cancel: (id: string) => api.POST("/api/jobs/{job_id}/cancel", { ...at(id), body: {} as never }),
  reschedule: (id: string, scheduled_at: string) => api.POST("/api/jobs/{job_id}/reschedule", { ...at(id), body: { scheduled_at } as never }),
  clone: (id: string, wish: Body) => api.POST("/api/jobs/{job_id}/clone", { ...at(id), body: wish as never }),
  enable: (id: string) => api.PATCH("/api/jobs/{job_id}", { ...at(id), body: { enabled: true } as never }),
  disable: (id: string) => api.PATCH("/api/jobs/{job_id}", { ...at(id), body: { enabled: false } as never }),
  delete: (id: string) => api.DELETE("/api/jobs/{job_id}", at(id)),
} satisfies Record<string, (id: string, ...more: never[]) => Promise<unknown>>;
