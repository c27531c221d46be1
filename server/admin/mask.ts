const dots = '••••'

/** A secret for display: dots and its last 4, or dots alone when 4 would tell too much of it. */
export function mask(secret: string): string {
  return secret.length >= 16 ? dots + secret.slice(-4) : dots
}

/** A masked secret that came back: it means "unchanged". */
export const isMasked = (value: string): boolean => value.startsWith(dots)

export const maskedLast4 = (last4: string): string => dots + last4

/** "simulated-17@example.com" -> "si***17@example.com", as the console has it: for words about an account. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  if (at < 1) return email
  const third = Math.floor(at / 3)
  return `${email.slice(0, Math.min(2, third))}***${email.slice(at - Math.min(3, third))}`
}
