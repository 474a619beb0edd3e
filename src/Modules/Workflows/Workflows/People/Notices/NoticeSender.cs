using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Flagstone.Workflows.People.Notices;

/// <summary>Tells people, by a chat's webhook or by e-mail. What cannot be sent throws.</summary>
internal sealed class NoticeSender(NoticeOptions options, PlatformOptions platform) : IDisposable
{
    /// <summary>A grain's call must end well before Orleans gives it up.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Longest,
    };

    public async Task SendAsync(HumanTaskRow task, Notice notice, CancellationToken ct)
    {
        var link = $"{platform.PublicUrl}/inbox/{task.Id}";
        var key = $"{task.Id}.{notice.Kind}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Longest);
        if (notice.Channel == NoticeChannel.Webhook)
        {
            await PostAsync(NoticeText.Line(task, notice.Kind, link), key, limit.Token);
        }
        else
        {
            await MailAsync(task, notice.Kind, link, key, limit.Token);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task PostAsync(string text, string key, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Webhook) { Content = JsonContent.Create(new JsonObject { ["text"] = text }) };
        // Who gets it twice can tell.
        request.Headers.Add("Idempotency-Key", key);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"The webhook answered {(int)answer.StatusCode}.");
        }
    }

    private async Task MailAsync(HumanTaskRow task, NoticeKind kind, string link, string key, CancellationToken ct)
    {
        var message = new MimeMessage
        {
            MessageId = $"{key}@flagstone", Subject = NoticeText.Subject(task, kind), Body = new TextPart("plain") { Text = NoticeText.Body(task, kind, link) },
        };
        message.From.Add(MailboxAddress.Parse(options.From));
        foreach (var address in NoticeText.Addresses(task, kind).Concat(options.To.Length > 0 ? [options.To] : []))
        {
            if (MailboxAddress.TryParse(address, out var mailbox))
            {
                message.Bcc.Add(mailbox);
            }
        }

        if (message.Bcc.Count == 0)
        {
            return;
        }

        using var smtp = new SmtpClient { Timeout = (int)Longest.TotalMilliseconds };
        var isTls = options.Smtp!.Scheme == "smtps";
        await smtp.ConnectAsync(
            options.Smtp.Host, options.Smtp.Port > 0 ? options.Smtp.Port : isTls ? 465 : 25,
            isTls ? SecureSocketOptions.SslOnConnect
            : options.SmtpUser.Length > 0 ? SecureSocketOptions.StartTls : SecureSocketOptions.StartTlsWhenAvailable, ct);
        if (options.SmtpUser.Length > 0)
        {
            await smtp.AuthenticateAsync(options.SmtpUser, options.SmtpPassword, ct);
        }

        await smtp.SendAsync(message, ct);
        await smtp.DisconnectAsync(true, ct);
    }
}
