import { describe, expect, test } from 'bun:test'
import { createLogger, type LogLevel, logFormat } from '../../server/observe/log.ts'

function setUp(options: { level?: LogLevel; format?: 'text' | 'json'; keep?: number } = {}) {
  const lines: string[] = []
  const log = createLogger({
    level: 'info',
    format: 'json',
    timeZone: 'UTC',
    now: () => Date.UTC(2026, 10, 24, 8, 5, 9, 7),
    write: (line) => lines.push(line),
    ...options,
  })
  return { log, lines }
}

test('a JSON line has time, level, event, then the fields', () => {
  const { log, lines } = setUp()
  log.child({ requestId: 'req_1' }).info('relay.finished', { durationMs: 12, inputTokens: 3 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toEndWith('\n')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    at: '2026-11-24T08:05:09.007Z',
    level: 'info',
    event: 'relay.finished',
    requestId: 'req_1',
    durationMs: 12,
    inputTokens: 3,
  })
})

test('a field cannot pretend to be the level or the event', () => {
  const { log, lines } = setUp()
  log.info('a.b', { level: 'error', event: 'c.d', at: 1 })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', event: 'a.b', at: '2026-11-24T08:05:09.007Z' })
})

test('a text line is for people', () => {
  const { log, lines } = setUp({ format: 'text' })
  log.warn('server.started', {
    message: 'listening on http://x',
    port: 1,
    note: 'two words',
    none: undefined,
    list: [1],
  })
  expect(lines[0]).toBe(
    '2026-11-24 08:05:09 WARN  server.started listening on http://x port=1 note="two words" list=[1]\n',
  )
})

test('text from outside stays on its line and leaves the terminal alone', () => {
  const { log, lines } = setUp({ format: 'text' })
  log.info('a.b', { message: 'x\n2026-11-24 ERROR fake', agent: 'e\u001b[2J\r\n', nested: { a: '\u009b' } })
  expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u)
})

describe('levels', () => {
  test('what is less important is not written, and can be switched on', () => {
    const { log, lines } = setUp({ level: 'warn' })
    log.info('a.b')
    log.error('c.d')
    expect(lines).toHaveLength(1)
    const child = log.child({ a: 1 })
    log.setLevel('debug')
    child.debug('e.f')
    expect(child.isOn('debug')).toBe(true)
    expect(lines).toHaveLength(2)
  })
  test('auto is text on a terminal and JSON elsewhere', () => {
    expect([logFormat('auto', true), logFormat('auto', false), logFormat('json', true)]).toEqual([
      'text',
      'json',
      'json',
    ])
  })
})

describe('lines in memory', () => {
  test('the last ones are kept, oldest first', () => {
    const { log } = setUp({ keep: 3 })
    for (let turn = 1; turn <= 7; turn++) log.info(`turn.${turn}`)
    expect(log.recent().map((line) => line.event)).toEqual(['turn.5', 'turn.6', 'turn.7'])
    expect(log.recent(1).map((line) => line.id)).toEqual([7])
    expect(log.recent(9, 6).map((line) => line.id)).toEqual([7])
    expect(log.recent(0)).toEqual([])
  })
  test('listeners get each line until they leave; one that throws is dropped', () => {
    const { log, lines } = setUp()
    const heard: string[] = []
    const leave = log.subscribe((line) => heard.push(line.event))
    log.subscribe(() => {
      throw new Error('gone')
    })
    log.info('a.b')
    leave()
    log.info('c.d')
    expect(heard).toEqual(['a.b'])
    expect(lines).toHaveLength(2)
  })
})

test('a terminal that is gone does not stop the program', () => {
  const log = createLogger({
    level: 'info',
    format: 'json',
    now: () => 0,
    write: () => {
      throw new Error('EPIPE')
    },
  })
  log.info('a.b')
  expect(log.recent()).toHaveLength(1)
})
