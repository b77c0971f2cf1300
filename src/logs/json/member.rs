//! Members of objects: each is given once, or not believed.

use std::borrow::Cow;

use super::{Cursor, Fault, Span, Text};

/// A member of an object that is to hold a `T`: given once, `null`, absent, or not as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Member<T> {
    #[default]
    Absent,
    Null,
    Is(T),
    /// Of another type, or given twice, so that two readers may understand two things.
    Bad,
}

impl<T> Member<T> {
    /// Takes what is given; given again, it is not believed.
    pub fn put(&mut self, given: Member<T>) {
        *self = if matches!(self, Member::Absent) { given } else { Member::Bad };
    }

    /// `None`: it is not as it should be. `Some(None)`: it does not say.
    #[inline(always)]
    pub fn get(self) -> Option<Option<T>> {
        match self {
            Member::Absent | Member::Null => Some(None),
            Member::Is(value) => Some(Some(value)),
            Member::Bad => None,
        }
    }
}

impl<'a> Member<Text<'a>> {
    /// The same for the string itself.
    #[inline(always)]
    pub fn string(self) -> Option<Option<Cow<'a, str>>> {
        match self {
            Member::Is(text) => text.value().map(Some),
            Member::Absent | Member::Null => Some(None),
            Member::Bad => None,
        }
    }
}

impl<'a> Cursor<'a> {
    /// Reads the members of an object. What is no object has none.
    #[inline]
    pub fn members(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.peek() != b'{' {
            return self.skip();
        }
        self.object(|cursor, name| match name {
            Text { raw, escaped: false } => member(cursor, raw),
            escaped => member(cursor, &escaped.value().unwrap_or_default()),
        })
    }

    /// The same for an object inside another, which may be given once.
    pub fn nested(
        &mut self,
        given: &mut Member<()>,
        member: impl FnMut(&mut Self, &str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        given.put(Member::Is(()));
        self.members(member)
    }

    /// Reads a value that is to be a string.
    #[inline(always)]
    pub fn text(&mut self, into: &mut Member<Text<'a>>) -> Result<(), Fault> {
        let given = match self.peek() {
            b'"' => Member::Is(self.string()?),
            _ => self.other()?,
        };
        into.put(given);
        Ok(())
    }

    /// Reads a value that is to be a string, for what it means.
    pub fn word<T>(&mut self, into: &mut Member<T>, meaning: fn(&str) -> T) -> Result<(), Fault> {
        let mut text = Member::Absent;
        self.text(&mut text)?;
        into.put(match text.string() {
            Some(Some(word)) => Member::Is(meaning(&word)),
            Some(None) => Member::Null,
            None => Member::Bad,
        });
        Ok(())
    }

    /// Reads a value that is to be `true` or `false`.
    pub fn flag(&mut self, into: &mut Member<bool>) -> Result<(), Fault> {
        let given = match self.peek() {
            b't' => self.literal("true").map(|()| Member::Is(true))?,
            b'f' => self.literal("false").map(|()| Member::Is(false))?,
            _ => self.other()?,
        };
        into.put(given);
        Ok(())
    }

    /// Keeps the place of any value, for reading it later.
    pub fn place(&mut self, into: &mut Member<Span>) -> Result<(), Fault> {
        let given = match self.peek() {
            b'n' => self.other()?,
            _ => Member::Is(self.value()?),
        };
        into.put(given);
        Ok(())
    }

    /// `null`, or what is of no type that is asked for.
    fn other<T>(&mut self) -> Result<Member<T>, Fault> {
        let null = self.peek() == b'n';
        self.skip()?;
        Ok(if null { Member::Null } else { Member::Bad })
    }
}
