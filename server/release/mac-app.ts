import type { Entry } from './archive.ts'
import { checkSignature, signAdHoc } from './code-signature.ts'
import { parseImage, universal } from './macho.ts'
import { type Plist, plistText } from './plist.ts'

export const bundleName = 'Claude API Server'
const identifier = 'claude-server.desktop'
const executable = 'claude-server'

export type MacAppParts = {
  readonly version: string
  /** One for each processor. */
  readonly images: readonly Uint8Array[]
  readonly icns: Uint8Array
  /** Licences and the like, into Resources. */
  readonly resources: readonly Entry[]
}

/** The application as files of an archive: one bundle for both processors, signed ad hoc with everything in it sealed. */
export function macApp({ version, images, icns, resources }: MacAppParts): readonly Entry[] {
  const sealed = [{ name: 'AppIcon.icns', bytes: icns }, ...resources].map((entry) => ({
    ...entry,
    name: `Resources/${entry.name}`,
  }))
  const infoPlist = Buffer.from(plistText(infoOf(version, images)))
  const codeResources = Buffer.from(plistText(sealOf(sealed)))
  const bundle = { infoPlist, codeResources }
  const signed = images.map((image) => signAdHoc(image, identifier, bundle))
  for (const image of signed) {
    const checked = checkSignature(image, bundle)
    if (!checked.ok) throw new Error(`${bundleName}.app: ${checked.error}`)
  }
  const files: readonly Entry[] = [
    { name: 'Info.plist', bytes: infoPlist },
    { name: `MacOS/${executable}`, bytes: universal(signed), executable: true },
    { name: 'PkgInfo', bytes: Buffer.from('APPL????') },
    ...sealed,
    { name: '_CodeSignature/CodeResources', bytes: codeResources },
  ]
  return files.map((entry) => ({ ...entry, name: `${bundleName}.app/Contents/${entry.name}` }))
}

function infoOf(version: string, images: readonly Uint8Array[]): Plist {
  const oldest = images.map((image) => {
    const parsed = parseImage(image)
    return parsed.ok ? parsed.value.minimumSystem : undefined
  })
  return {
    CFBundleDevelopmentRegion: 'en',
    CFBundleDisplayName: bundleName,
    CFBundleExecutable: executable,
    CFBundleIconFile: 'AppIcon',
    CFBundleIdentifier: identifier,
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: bundleName,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: version,
    CFBundleVersion: /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '0.0.0',
    LSApplicationCategoryType: 'public.app-category.developer-tools',
    LSMinimumSystemVersion: oldest.find((one) => one !== undefined) ?? '13.0',
    // Its window is a browser's, which has its own place in the Dock.
    LSUIElement: true,
    NSHighResolutionCapable: true,
  }
}

// The rules are those that `codesign` writes into every bundle: what may change without breaking the seal.
const rules: Plist = {
  '^Resources/': true,
  '^Resources/.*\\.lproj/': { optional: true, weight: 1000 },
  '^Resources/.*\\.lproj/locversion.plist$': { omit: true, weight: 1100 },
  '^Resources/Base\\.lproj/': { weight: 1010 },
  '^version.plist$': true,
}
const rules2: Plist = {
  '.*\\.dSYM($|/)': { weight: 11 },
  '^(.*/)?\\.DS_Store$': { omit: true, weight: 2000 },
  '^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/':
    {
      nested: true,
      weight: 10,
    },
  '^.*': true,
  '^Info\\.plist$': { omit: true, weight: 20 },
  '^PkgInfo$': { omit: true, weight: 20 },
  '^Resources/': { weight: 20 },
  '^Resources/.*\\.lproj/': { optional: true, weight: 1000 },
  '^Resources/.*\\.lproj/locversion.plist$': { omit: true, weight: 1100 },
  '^Resources/Base\\.lproj/': { weight: 1010 },
  '^[^/]+$': { nested: true, weight: 10 },
  '^embedded\\.provisionprofile$': { weight: 20 },
  '^version\\.plist$': { weight: 20 },
}

function sealOf(files: readonly Entry[]): Plist {
  const hash = (kind: 'sha1' | 'sha256', bytes: Uint8Array): Uint8Array =>
    new Bun.CryptoHasher(kind).update(bytes).digest()
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    files: Object.fromEntries(sorted.map(({ name, bytes }) => [name, hash('sha1', bytes)])),
    files2: Object.fromEntries(sorted.map(({ name, bytes }) => [name, { hash2: hash('sha256', bytes) }])),
    rules,
    rules2,
  }
}
