import { madeId } from './ids.ts'
import type { ImportContext } from './import-context.ts'
import { readBlock, readIpConfig, readProxy } from './other-rows.ts'
import type { Row } from './source.ts'
import { createCells, textOf } from './values.ts'

export async function importProxies({ store, all, tallyOf, now }: ImportContext): Promise<void> {
  const tally = tallyOf('proxies')
  const here = new Set((await store.proxies.list()).flatMap(({ id, url }) => [id, ...(url === undefined ? [] : [url])]))
  for (const [ordinal, row] of (await all('proxies')).entries()) {
    const cells = createCells(row)
    const name = nameOf(row, 'id')
    const proxy = readProxy(cells, madeId(row, 'prx', ordinal), now)
    if (typeof proxy === 'string') {
      tally.leftOut(name, proxy)
      continue
    }
    if (here.has(proxy.url) || here.has(proxy.id)) tally.leftOut(name, 'a proxy of this address is there already')
    else {
      await store.proxies.create(proxy)
      tally.imported(name, cells.repairs)
    }
    // Of an unusable address the store gives none back.
    here.add(proxy.url)
  }
}

/** Blocked addresses, and notes on and limits of single ones. */
export async function importIps({ store: { ips }, all, tallyOf, now }: ImportContext): Promise<void> {
  const blocked = tallyOf('blocked_ips')
  const ranges = new Set((await ips.blocks()).map(({ range }) => range))
  for (const row of await all('blocked_ips')) {
    const cells = createCells(row)
    const name = nameOf(row, 'ip')
    const block = readBlock(cells, now)
    if (typeof block === 'string') blocked.leftOut(name, block)
    else if (ranges.has(block.range)) blocked.leftOut(name, 'it is blocked already')
    else {
      await ips.block([block])
      ranges.add(block.range)
      blocked.imported(name, cells.repairs)
    }
  }
  const configured = tallyOf('ip_configs')
  const known = new Set((await ips.configs()).map(({ ip }) => ip))
  for (const row of await all('ip_configs')) {
    const cells = createCells(row)
    const name = nameOf(row, 'ip')
    const config = readIpConfig(cells, now)
    if (typeof config === 'string') configured.leftOut(name, config)
    else if (known.has(config.ip)) configured.leftOut(name, 'it has notes or limits already')
    else {
      await ips.saveConfig(config)
      known.add(config.ip)
      configured.imported(name, cells.repairs)
    }
  }
}

const nameOf = (row: Row, column: string): string => {
  const value = row[column]
  return value === null || value === undefined ? '' : textOf(value)
}
