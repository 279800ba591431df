export function Layers() {
  return <h1>Layers</h1>
}
