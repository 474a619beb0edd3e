using System.ComponentModel.DataAnnotations;

namespace Flagstone.Workflows.People.Notices;

/// <summary>Who is told of tasks; keys <c>Flagstone:Workflows:Notices:...</c>. Nobody is, unless it is set.</summary>
internal sealed record NoticeOptions
{
    /// <summary>A chat's webhook, which gets JSON, <c>{"text": "..."}</c>, by POST; null for none. It is a secret: whoever knows it may post.</summary>
    public Uri? Webhook { get; init; }

    /// <summary>
    /// The mail server: <c>smtp://HOST:PORT</c>, with STARTTLS where the server has it, or <c>smtps://HOST:PORT</c>; null for no e-mail.
    /// </summary>
    public Uri? Smtp { get; init; }

    /// <summary>Its user; empty for a server that asks for none.</summary>
    public string SmtpUser { get; init; } = "";

    public string SmtpPassword { get; init; } = "";

    /// <summary>The sender's address.</summary>
    public string From { get; init; } = "flagstone@localhost";

    /// <summary>An address that gets every mail, such as a list; empty for none. Who may decide and is named by an address gets it too.</summary>
    public string To { get; init; } = "";

    /// <summary>What is told of.</summary>
    public IReadOnlyList<NoticeChannel> Channels =>
        [.. Webhook is null ? [] : (NoticeChannel[])[NoticeChannel.Webhook], .. Smtp is null ? [] : (NoticeChannel[])[NoticeChannel.Mail]];

    /// <summary>Throws where a setting cannot be used: better at the start than when somebody waits.</summary>
    public NoticeOptions Checked() =>
        Webhook is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" })
            ? throw new ValidationException("Flagstone:Workflows:Notices:Webhook is no address. Set one that begins with https:// or http://.")
        : Smtp is not (null or { IsAbsoluteUri: true, Scheme: "smtp" or "smtps", Host.Length: > 0 })
            ? throw new ValidationException("Flagstone:Workflows:Notices:Smtp is no mail server. Set smtp://HOST:PORT or smtps://HOST:PORT.")
        : this;
}

/// <summary>How people are told.</summary>
internal enum NoticeChannel
{
    Webhook = 1,
    Mail = 2,
}

/// <summary>What they are told.</summary>
internal enum NoticeKind
{
    Asked = 1,
    Reminder = 2,
    Escalated = 3,
    Decided = 4,
    Delegated = 5,
}
