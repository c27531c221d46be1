/** The files inside by their names; texts, all of them XML. */
export type Package = { readonly file: (name: string) => string | undefined }

/** A package's file that has to be there. */
export function needed(files: Package, name: string): string {
  const text = files.file(name)
  if (text === undefined) throw new Error(`${name} is missing`)
  return text
}
