import { Data, NtExecutable, NtExecutableResource, Resource } from 'resedit'

export type WindowsText = {
  readonly product: string
  readonly description: string
  /** `1.2.3` or `1.2.3-rc.1`; the four numbers of the resource are its first three and a zero. */
  readonly version: string
  readonly fileName: string
}

const american = 1033
const unicode = 1200

/**
 * The runtime for Windows with our icon and version resource. It is done to the runtime: once our program is appended, a
 * section follows the resources and nothing can be moved, and Bun sets neither when it builds on another system.
 */
export function withResources(runtime: Uint8Array, ico: Uint8Array, text: WindowsText): Uint8Array {
  const executable = NtExecutable.from(runtime as Uint8Array<ArrayBuffer>, { ignoreCert: true })
  const resources = NtExecutableResource.from(executable)
  const icons = Data.IconFile.from(ico as Uint8Array<ArrayBuffer>).icons.map((item) => item.data)
  const [group] = Resource.IconGroupEntry.fromEntries(resources.entries)
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, group?.id ?? 1, group?.lang ?? american, icons)
  const [old] = Resource.VersionInfo.fromEntries(resources.entries)
  for (const entry of old === undefined ? [] : [old.lang]) resources.removeResourceEntry(16, 1, entry)
  const version = Resource.VersionInfo.createEmpty()
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(text.version)?.slice(1).map(Number) ?? []
  version.setFileVersion(numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0, 0, american)
  version.setProductVersion(numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0, 0, american)
  version.setStringValues(
    { lang: american, codepage: unicode },
    {
      ProductName: text.product,
      FileDescription: text.description,
      FileVersion: text.version,
      ProductVersion: text.version,
      OriginalFilename: text.fileName,
      InternalName: text.fileName.replace(/\.exe$/, ''),
    },
  )
  version.outputToResourceEntries(resources.entries)
  resources.outputResource(executable)
  return new Uint8Array(executable.generate())
}
