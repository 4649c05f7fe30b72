/** A command for a shell that sends a request; the key comes from the environment, not from here. */
export function curlOf(request: Record<string, unknown>, origin: string): string {
  const quoted = JSON.stringify(request, null, 2).replaceAll("'", String.raw`'\''`);
  return [`curl -X POST ${origin}/api/jobs`, `-H "Authorization: Bearer $ONEOFF_API_KEY"`, `-H "Content-Type: application/json"`, `-d '${quoted}'`].join(" \\\n  ");
}
