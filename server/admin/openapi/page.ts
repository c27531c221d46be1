import type { OpenApi, Operation } from './document.ts'

/** The reference as one page of plain HTML: no script, nothing from elsewhere, so that our own policy can stay as strict as it is. */
export function referencePage({ info, paths }: OpenApi): string {
  const groups = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags[0] ?? ''
      groups.set(tag, [...(groups.get(tag) ?? []), operationHtml(method.toUpperCase(), path, operation)])
    }
  }
  const links = [...groups.keys()].map((tag) => `<a href="#${slug(tag)}">/${text(tag.replace(' ', '/'))}</a>`)
  const sections = [...groups].map(
    ([tag, rows]) => `<section id="${slug(tag)}"><h2>/${text(tag.replace(' ', '/'))}</h2>${rows.join('')}</section>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text(info.title)} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/v2/docs/style.css"></head>
<body><header><h1>${text(info.title)} API <small>${text(info.version)}</small></h1>
<p>${text(info.description)} <a href="/v2/openapi.json">openapi.json</a></p><nav aria-label="Parts">${links.join(' ')}</nav></header>
<main>${sections.join('')}</main></body></html>`
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { operationId, parameters, requestBody, responses } = operation
  const rows = parameters.map(
    ({ name, in: place, schema }) =>
      `<tr><td><code>${text(name)}</code></td><td>${place}</td><td>${text(typeOf(schema))}</td></tr>`,
  )
  const table =
    rows.length === 0 ? '' : `<table><tr><th>Parameter</th><th>In</th><th>Type</th></tr>${rows.join('')}</table>`
  const answer = responses[200]
  return `<details id="${operationId}"><summary><b class="${method}">${method}</b> <code>${text(path)}</code></summary>${table}${part('Body', requestBody)}${part('Answer', answer)}</details>`
}

function part(title: string, holder: object | undefined): string {
  if (holder === undefined || !('content' in holder)) return ''
  const content = holder.content as Readonly<Record<string, { readonly schema?: object }>>
  const schema = content['application/json']?.schema
  if (schema === undefined) return `<h3>${title}</h3><p><code>${text(Object.keys(content).join(', '))}</code></p>`
  return `<h3>${title}</h3><pre tabindex="0">${text(JSON.stringify(schema, null, 2))}</pre>`
}

const typeOf = (schema: object): string => ('type' in schema ? String(schema.type) : 'any')
const slug = (tag: string): string => tag.replace(/[^a-z0-9]+/gi, '-')
const text = (raw: string): string => raw.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

export const referenceStyle = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0 auto;max-width:70rem;padding:1rem}
nav a{margin-right:.75rem}h2{margin-top:2rem}details{border:1px solid #8886;border-radius:6px;margin:.4rem 0;padding:.4rem .7rem}
summary{cursor:pointer;overflow-wrap:anywhere}summary b{display:inline-block;min-width:4.5rem}pre{overflow:auto;max-height:30rem;background:#8882;padding:.7rem}
table{border-collapse:collapse}td,th{text-align:left;padding:.15rem 1rem .15rem 0}`
