/** A command that proves a key: it lists jobs with it. */
export function curlOf(key: string, origin = location.origin): string {
  return `curl -H "Authorization: Bearer ${key}" ${origin}/api/jobs`;
}
