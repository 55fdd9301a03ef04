//! One evaluation rendered as table, JSON, Markdown, condition and event text.
