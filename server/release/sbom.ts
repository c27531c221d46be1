import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import type { Licence } from '../../ui/licences.ts'
import { productName } from '../config/build.ts'
import type { Stamp } from './stamp.ts'

/** What is inside, as CycloneDX 1.6 JSON. The same for the same source: its number is made of what it says, its time is the commit's. */
export function sbomText(stamp: Stamp, licences: readonly Licence[]): string {
  const bom = new Models.Bom()
  bom.metadata.timestamp = new Date(stamp.committedAt)
  const product = new Models.Component(Enums.ComponentType.Application, productName, {
    bomRef: productName,
    version: stamp.version,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense('MIT')]),
    properties: new Models.PropertyRepository([new Models.Property('claude-server:commit', stamp.commit)]),
  })
  bom.metadata.component = product
  for (const one of licences) {
    const component = componentOf(one)
    bom.components.add(component)
    product.dependencies.add(component.bomRef)
  }
  bom.serialNumber = `urn:uuid:${uuidOf(JSON.stringify([stamp, licences.map(({ name, version }) => [name, version])]))}`
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`
}

function componentOf({ name, version, licence }: Licence): Models.Component {
  const [group, bare] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const isExpression = / (AND|OR|WITH) /.test(licence)
  return new Models.Component(
    name === 'bun' ? Enums.ComponentType.Platform : Enums.ComponentType.Library,
    bare ?? name,
    {
      bomRef: purl,
      version,
      purl,
      ...(group === undefined ? {} : { group }),
      licenses: new Models.LicenseRepository([
        isExpression
          ? new Models.LicenseExpression(licence)
          : new Models.SpdxLicense(licence as ConstructorParameters<typeof Models.SpdxLicense>[0]),
      ]),
    },
  )
}

/** A name-based identifier: version 8, whose other bits are ours to choose. */
function uuidOf(text: string): string {
  const bytes = new Bun.CryptoHasher('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
