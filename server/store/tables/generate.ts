import path from 'node:path'

// bun run db:generate --name what_changes   makes the migrations of both engines from their tables

const root = path.join(import.meta.dir, '../../..')
for (const dialect of ['sqlite', 'mysql']) {
  const schema = `server/store/tables/${dialect}.ts`
  const out = `server/store/engine/migrations-${dialect}`
  const kit = Bun.spawn(
    [
      process.execPath,
      '--bun',
      'node_modules/.bin/drizzle-kit',
      'generate',
      ...['--dialect', dialect, '--schema', schema, '--out', out],
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: ['inherit', 'inherit', 'inherit'] },
  )
  const code = await kit.exited
  if (code !== 0) process.exit(code)
}
