import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Boot, bootFault } from './boot.ts'

/** Why something was not run here; in CI some of it must be. */
export type NotRun = { readonly notRun: string; readonly install?: string }

const emulatedMs = 180_000

/** On this machine itself. */
export const nativeBoot = (file: string): Boot => ({ command: [file], waitMs: 60_000 })

/** An old processor: with SSE4.2, without AVX. */
export function oldProcessorBoot(file: string): Boot | NotRun {
  const emulator = Bun.which('qemu-x86_64-static')
  if (emulator === null) return { notRun: 'no qemu-x86_64-static', install: 'qemu-user-static' }
  return { command: [emulator, '-cpu', 'Nehalem', file], waitMs: emulatedMs }
}

export function arm64Boot(file: string): Boot | NotRun {
  if (process.arch === 'arm64') return nativeBoot(file)
  const emulator = Bun.which('qemu-aarch64-static')
  const libraries = '/usr/aarch64-linux-gnu'
  if (emulator === null) return { notRun: 'no qemu-aarch64-static', install: 'qemu-user-static' }
  if (!existsSync(`${libraries}/lib/ld-linux-aarch64.so.1`))
    return { notRun: 'no C library for arm64', install: 'libc6-arm64-cross' }
  return { command: [emulator, file], env: { QEMU_LD_PREFIX: libraries }, waitMs: emulatedMs }
}

/** On Alpine, where the C++ library is the package `libstdc++`; Debian has musl's loader and not that. */
export function muslBoot(file: string): Boot | NotRun {
  if (!existsSync('/etc/alpine-release')) return { notRun: 'this is not Alpine' }
  return nativeBoot(file)
}

/**
 * Under Wine, as far as it goes: a smoke test. Wine 8 lacks one library of newer systems, so its one function stands beside the
 * program, made of the one it had before.
 */
export async function wineFault(file: string, version: string): Promise<string | undefined | NotRun> {
  const wine = ['/usr/lib/wine/wine64', Bun.which('wine64'), Bun.which('wine')].find(
    (one) => one !== null && existsSync(one),
  )
  const compiler = Bun.which('x86_64-w64-mingw32-gcc-win32') ?? Bun.which('x86_64-w64-mingw32-gcc')
  if (typeof wine !== 'string') return { notRun: 'no Wine' }
  if (compiler === null) return { notRun: 'no compiler for a library that Wine lacks (gcc-mingw-w64-x86-64-win32)' }
  const folder = mkdtempSync(path.join(tmpdir(), 'release-wine-'))
  try {
    const source = path.join(folder, 'prng.c')
    await Bun.write(
      source,
      `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE at, SIZE_T size) { return SystemFunction036(at, (ULONG)size); }
`,
    )
    const made = Bun.spawnSync([
      compiler,
      '-shared',
      '-o',
      path.join(path.dirname(file), 'bcryptprimitives.dll'),
      source,
      '-ladvapi32',
    ])
    if (made.exitCode !== 0) return { notRun: `the library that Wine lacks was not made: ${made.stderr}` }
    const env = { WINEPREFIX: path.join(folder, 'prefix'), WINEDEBUG: '-all' }
    // Its first start makes a whole Windows of it.
    Bun.spawnSync([wine, file, '--version'], { env: { ...process.env, ...env }, stdout: 'ignore', stderr: 'ignore' })
    return await bootFault({ command: [wine, file], env, waitMs: emulatedMs }, version)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
