"""Lesson 7: students that learn a teacher's nodes; luck, lottery tickets, width, structure."""
