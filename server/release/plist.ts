/** The values of a property list that we write. */
export type Plist = string | number | boolean | Uint8Array | readonly Plist[] | { readonly [key: string]: Plist }

/** An XML property list, as Apple's own tools lay it out. */
export function plistText(value: Plist): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...linesOf(value, ''),
    '</plist>',
    '',
  ].join('\n')
}

function linesOf(value: Plist, indent: string): readonly string[] {
  if (typeof value === 'string') return [`${indent}<string>${escaped(value)}</string>`]
  if (typeof value === 'boolean') return [`${indent}<${value}/>`]
  if (typeof value === 'number') {
    const kind = Number.isInteger(value) ? 'integer' : 'real'
    return [`${indent}<${kind}>${value}</${kind}>`]
  }
  if (value instanceof Uint8Array) return [`${indent}<data>${Buffer.from(value).toString('base64')}</data>`]
  const inner = `${indent}\t`
  if (isList(value)) return [`${indent}<array>`, ...value.flatMap((one) => linesOf(one, inner)), `${indent}</array>`]
  const members = Object.entries(value).flatMap(([key, one]) => [
    `${inner}<key>${escaped(key)}</key>`,
    ...linesOf(one, inner),
  ])
  return [`${indent}<dict>`, ...members, `${indent}</dict>`]
}

const isList = (value: Plist): value is readonly Plist[] => Array.isArray(value)

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
