import type { Answer } from './call.ts'
import type { SignIns } from './sign-ins.ts'

/** The page behind a verification link: visiting it with a waiting code approves it, `&deny=1` denies it. */
export function devicePage(query: URLSearchParams, signIns: SignIns): Answer {
  const code = query.get('user_code') ?? ''
  if (code === '') return page(200, 'Enter the code', formFor(''))
  if (query.get('deny') !== null) {
    return signIns.deny(code)
      ? page(200, 'Denied', '<p>Simulated: the sign-in was denied. 模拟：已拒绝登录。</p>')
      : unknown(code)
  }
  return signIns.approve(code)
    ? page(200, 'Signed in', '<p>Simulated: you are signed in. Close this page. 模拟：登录成功，可以关闭此页。</p>')
    : unknown(code)
}

const unknown = (code: string): Answer =>
  page(404, 'Unknown code', `<p>No sign-in waits for this code. 没有等待此代码的登录。</p>${formFor(code)}`)

const formFor = (code: string): string =>
  `<form><label>Code 代码 <input name="user_code" value="${escapeHtml(code)}" autofocus></label> <button>OK</button></form>`

function page(status: number, title: string, content: string): Answer {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} (simulated)</title><body style="font-family:system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem"><h1>${title}</h1>${content}<p><small>This is the built-in simulator, not a real sign-in page. 这是内置模拟器，不是真实的登录页面。</small></p></body></html>`
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
  }
  return { type: 'response', response: new Response(html, { status, headers }) }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '')
