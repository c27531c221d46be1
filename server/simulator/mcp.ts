import { cutText } from '../lib/sound-text.ts'
import { type Answer, type Call, failed, json } from './call.ts'
import { malformed } from './failure.ts'
import { errorFaults } from './fault.ts'
import { type Shape, shapeOf, textOf } from './shape.ts'

const inputSchema = { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] }
const tools = [{ name: 'web_search', description: 'Searches the web', inputSchema }]
const longestQuery = 200

/**
 * The provider's web search (provider's protocol notes, InvokeMCP). The pages are samples that say so. What the query says
 * decides what happens: `no results` finds nothing, `as text` gives the result as a JSON string, `fails` is an error of the
 * tool, `is broken` one of JSON-RPC, `is refused` a 403.
 */
export function invokeMcp(call: Call, now: number): Answer {
  const asked = shapeOf(call.body)
  if (asked === undefined) return failed(malformed, 'the body is not an object')
  const head = { jsonrpc: '2.0', id: asked.id ?? null }
  const wrong = (code: number, message: string): Answer => json({ ...head, error: { code, message } })
  if (asked.jsonrpc !== '2.0') return wrong(-32600, 'Invalid Request')
  if (asked.method === 'tools/list') return json({ ...head, result: { tools } })
  if (asked.method !== 'tools/call') return wrong(-32601, 'Method not found')
  const params = shapeOf(asked.params)
  const query = textOf(shapeOf(params?.arguments)?.query)
  if (params?.name !== 'web_search' || query === undefined || query === '') return wrong(-32602, 'Invalid params')
  if ([...query].length > longestQuery) return wrong(-32602, 'query is longer than 200 characters')
  if (query.includes('is refused')) return failed(errorFaults['feature-gate'], 'the query says so')
  if (query.includes('is broken')) return wrong(-32603, 'Internal error')
  const isError = query.includes('fails')
  const text = JSON.stringify(isError ? { error: 'The search failed.', query } : found(query, now))
  const result = { content: [{ type: 'text', text }], isError }
  return json({ ...head, result: query.includes('as text') ? JSON.stringify(result) : result })
}

function found(query: string, now: number): Shape {
  const results = query.includes('no results') ? [] : [1, 2, 3].map((number) => page(query, number, now))
  return { results, totalResults: results.length, query, error: null }
}

const page = (query: string, number: number, now: number): Shape => ({
  title: `Simulated page ${number} about ${cutText(query, 60)}`,
  url: `https://page${number}.simulated.example/${encodeURIComponent(cutText(query, 40).toLowerCase())}`,
  snippet: `This page is simulated; no search was done. It would be about “${query}”.`,
  publishedDate: number === 3 ? null : Math.floor(now / 86_400_000) * 86_400_000 - number * 86_400_000,
  id: `sim-page-${number}`,
  domain: `page${number}.simulated.example`,
  maxVerbatimWordLimit: 30,
  publicDomain: false,
})
