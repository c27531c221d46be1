/** The sealed setting that holds somebody's second factor. */
export const secondFactorName = (subject: string): string => `second_factor ${subject}`
