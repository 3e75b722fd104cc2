// The page of that name starts here.
import { Card, mount, PAGES, Shell } from '../page/shell.tsx'

mount(
  <Shell current="digits" title={PAGES.digits.title} lead={PAGES.digits.says}>
    <Card title="Being built">
      <p class="muted">This page comes next.</p>
    </Card>
  </Shell>,
)
