// The page of that name starts here.
import { Card, mount, PAGES, Shell } from '../page/shell.tsx'

mount(
  <Shell current="playground" title={PAGES.playground.title} lead={PAGES.playground.says}>
    <Card title="Being built">
      <p class="muted">This page comes next.</p>
    </Card>
  </Shell>,
)
