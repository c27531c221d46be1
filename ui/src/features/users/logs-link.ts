/** The request log, filtered: its page reads these from the address. */
export const logsOf = (filter: Readonly<Record<string, string>>): string => `/logs?${new URLSearchParams(filter)}`
