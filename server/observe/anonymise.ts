import { redactSecrets } from './redact.ts'

/** Addresses that are the same on every machine say nothing about anybody. */
const ofNobody = new Set(['0.0.0.0', '127.0.0.1', '::', '::1'])

const email = /[\p{L}\p{N}._%+*•'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu
const ipv4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g
const ipv6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?(?![\w:])/gi
const host = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@"']*@)?(\[[^\]\s]*\]|[^\s/:?#"'<>)\]]+)/gi
/** Of a home folder the name of whoever it belongs to. */
const home = /((?:\/home|\/Users|[A-Z]:\\Users)[/\\])[^/\\\s"']+/gi

/** Text without secrets, and without what says who or where somebody is: e-mail addresses, network addresses, hosts, home folders. */
export function anonymise(text: string): string {
  return redactSecrets(text)
    .replace(email, '[e-mail]')
    .replace(host, (whole: string, scheme: string, name: string) =>
      ofNobody.has(name) || name === 'localhost' || name === '[host]' ? whole : `${scheme}[host]`,
    )
    .replace(ipv6, (address) => (ofNobody.has(address) || isTime(address) ? address : '[address]'))
    .replace(ipv4, (address) => (ofNobody.has(address) ? address : '[address]'))
    .replace(home, '$1[user]')
}

/** `14:02:11` has the shape of an address too. */
const isTime = (text: string): boolean => /^\d{1,2}:\d{2}(:\d{2})?$/.test(text)
