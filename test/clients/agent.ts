import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import path from 'node:path'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { longText, tinyPng } from '../support/sse.ts'
import { createSandbox, type Run, type Sandbox } from './sandbox.ts'
import { watchGateway } from './witness.ts'

export type Turn = {
  readonly prompt: string
  /** A file in the working folder that the model shall see. */
  readonly image?: string
  /** Goes on with the newest conversation. */
  readonly again?: boolean
  /** More options of its command. */
  readonly options?: readonly string[]
  readonly key: string
}

export type Told = {
  readonly ok: boolean
  /** What a person reads: the answer, or the error. */
  readonly text: string
  readonly run: Run
}

export type Agent = {
  readonly name: string
  /** As the gateway's log names the API it speaks. */
  readonly endpoint: 'anthropic' | 'openai-chat' | 'openai-responses'
  readonly userAgent: RegExp
  /** Writes its settings: those of docs/clients.md. */
  readonly setUp: (sandbox: Sandbox, gateway: Gateway) => Promise<void>
  readonly ask: (sandbox: Sandbox, gateway: Gateway, turn: Turn) => Promise<Told>
  /** Directives for the simulator: show a.txt, show b.txt, and `cat c.txt; echo written > d.txt`. */
  readonly threeCalls: string
  /** What it does when a reply breaks off; default `asks-again`. */
  readonly onBreak?: 'asks-again' | 'tells'
  /** It can go on with a conversation without a terminal; default true. */
  readonly goesOn?: boolean
  /** It can show the model a picture without a terminal; default true. */
  readonly sees?: boolean
  /** How many results come back for them; default 3. */
  readonly results?: number
  /** What the provider finds too long; default 1,000 KiB of text. */
  readonly tooLong?: string
  /** What it asks of strangers by itself, refused here and not missed. */
  readonly tolerated?: readonly string[]
}

/** For tests of one agent's own. */
export type Place = {
  readonly gateway: Gateway
  readonly sandbox: Sandbox
  /** Asks with the right key. */
  readonly ask: (turn: Omit<Turn, 'key'>) => Promise<Told>
}

/** The turns that every coding agent must come through, with its own tools in a folder of its own; `more` adds to them. */
export function describeAgent(agent: Agent, more: (place: () => Place) => void = () => {}): void {
  describe(agent.name, () => {
    let gateway: Gateway
    let sandbox: Sandbox
    const ask = (turn: Omit<Turn, 'key'> & { readonly key?: string }): Promise<Told> =>
      agent.ask(sandbox, gateway, { key: gateway.key, ...turn })
    const answered = (told: Told): Told => {
      if (!told.ok) throw new Error(`${agent.name} failed (${told.run.code}):\n${told.text}\n${told.run.err}`)
      return told
    }

    beforeAll(async () => {
      gateway = await startGateway({ simulator: { keepRequests: 1_000 } })
      sandbox = await createSandbox()
      await Bun.write(path.join(sandbox.work, 'a.txt'), 'alpha\n')
      await Bun.write(path.join(sandbox.work, 'b.txt'), 'beta\n')
      await Bun.write(path.join(sandbox.work, 'c.txt'), 'gamma\n')
      await Bun.write(path.join(sandbox.work, 'dot.png'), Buffer.from(tinyPng, 'base64'))
      await agent.setUp(sandbox, gateway)
    })
    afterAll(async () => {
      await sandbox?.remove()
      await gateway?.stop()
    })

    test('a turn is answered, and the log knows who asked', async () => {
      const witness = watchGateway(gateway)
      const told = await ask({ prompt: 'My word is xylophone. [[sim:text=Then I say 你好, xylophone 🙂]]' })
      expect(answered(told).text).toBe('Then I say 你好, xylophone 🙂')
      const rows = await witness.logged(1)
      expect(rows.map((row) => [row.dialect, row.is_success, row.is_stream])).toEqual(
        rows.map(() => [agent.endpoint, true, true]),
      )
      for (const row of rows) expect(row.user_agent).toMatch(agent.userAgent)
    })

    if (agent.goesOn !== false) {
      test('a second turn brings the first along', async () => {
        const witness = watchGateway(gateway)
        const told = await ask({ prompt: 'Go on. [[sim:text=We go on.]]', again: true })
        expect(answered(told).text).toBe('We go on.')
        const asked = witness.asked()
        expect(asked).toHaveLength(1)
        expect(asked[0]?.earlier.at(-2)).toContain('My word is xylophone.')
        expect(asked[0]?.earlier.at(-1)).toBe('Then I say 你好, xylophone 🙂')
        expect(asked[0]?.text).toContain('Go on.')
      })
    }

    // It goes on with the conversation before: some agents' first turn brings another request along, which would meet the fault.
    test('a reply that breaks off is never taken for whole', async () => {
      const witness = watchGateway(gateway)
      gateway.simulator.enqueue('cut-in-frame')
      const whole = 'The whole of it, from its first word to the last.'
      const told = await ask({ prompt: `And on. [[sim:text=${whole}]]`, again: agent.goesOn !== false })
      if (agent.onBreak === 'tells') {
        expect(told.ok).toBe(false)
        expect(told.text).toContain('cut short')
        return
      }
      expect(answered(told).text).toEndWith(whole)
      const rows = await witness.logged(2)
      expect(rows.map((row) => row.is_success)).toEqual([false, true])
    })

    test('three tools called in one turn all run, and their results come back together', async () => {
      const witness = watchGateway(gateway)
      const told = answered(await ask({ prompt: `Look around. ${agent.threeCalls}` }))
      expect(await Bun.file(path.join(sandbox.work, 'd.txt')).text()).toBe('written\n')
      const last = witness.asked().at(-1)
      expect(last?.results).toHaveLength(agent.results ?? 3)
      for (const word of ['alpha', 'beta', 'gamma']) {
        expect(last?.results.filter((result) => result.includes(word))).toHaveLength(1)
        expect(told.text).toContain(word)
      }
    })

    if (agent.sees !== false) {
      test('an image reaches the provider as it is', async () => {
        const witness = watchGateway(gateway)
        answered(await ask({ prompt: 'What is in the picture?', image: 'dot.png' }))
        expect(witness.asked().at(-1)?.images).toEqual([tinyPng])
      })
    }

    test('a prompt that is too long is said to be, at once', async () => {
      const witness = watchGateway(gateway)
      const told = await ask({ prompt: agent.tooLong ?? longText(1_000) })
      expect(told.ok).toBe(false)
      expect(told.text).toMatch(/too long|context/i)
      const rows = await witness.logged(1)
      expect(new Set(rows.map((row) => row.error_kind))).toEqual(new Set(['context-too-long']))
      expect(rows.length).toBeLessThanOrEqual(6)
    })

    test('a wrong key is told to the person, and nothing of the prompt reaches the provider', async () => {
      const witness = watchGateway(gateway)
      const told = await ask({ prompt: 'Say hello.', key: 'sk-not-a-key' })
      expect(told.ok).toBe(false)
      expect(told.text).toMatch(/API key is not known/)
      expect(told.text).not.toContain('sk-not-a-key')
      const rows = await witness.logged(1)
      expect(new Set(rows.map((row) => row.status_code))).toEqual(new Set([401]))
      expect(rows.length).toBeLessThanOrEqual(7)
      expect(witness.asked()).toEqual([])
    })

    more(() => ({ gateway, sandbox, ask }))

    test('nobody but the gateway was needed', () => {
      const tolerated = agent.tolerated ?? []
      expect(sandbox.strangers.filter((stranger) => !tolerated.includes(stranger))).toEqual([])
    })
  })
}
