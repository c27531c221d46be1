const dots = '••••'

/** A secret for display: dots and its last 4, or dots alone when 4 would tell too much of it. */
export function mask(secret: string): string {
  return secret.length >= 16 ? dots + secret.slice(-4) : dots
}

/** A masked secret that came back: it means "unchanged". */
export const isMasked = (value: string): boolean => value.startsWith(dots)

export const maskedLast4 = (last4: string): string => dots + last4
