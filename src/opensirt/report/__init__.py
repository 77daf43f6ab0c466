"""Pictures, and one content written as HTML and PDF; results.json."""
