/** Of a page elsewhere, or a mail: no script, no data, no path of this console. */
export const isSafeLink = (href: string): boolean => /^(https?:\/\/|mailto:)/i.test(href.trim())
