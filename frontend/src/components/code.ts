export type CodeLanguage = "shell" | "json" | "sql" | "yaml" | "text";
