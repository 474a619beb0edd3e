using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Flagstone.Platform.Data;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;

#pragma warning disable CA2025 // What takes posts and mails ends with its listener.

namespace Flagstone.Workflows.Tests.People;

/// <summary>Who is told of tasks, by a real webhook and a real mail server.</summary>
public sealed class NoticeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task People_are_told_by_chat_and_mail_when_they_are_asked_and_reminded_when_it_is_delegated_and_escalated_and_when_it_was_decided()
    {
        var port = LoopbackPorts.Free();
        using var chat = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
        chat.Start();
        var posts = Channel.CreateUnbounded<(string Key, string Text)>();
        _ = TakePostsAsync(chat, posts.Writer);
        using var smtp = new TcpListener(IPAddress.Loopback, 0);
        smtp.Start();
        var mails = Channel.CreateUnbounded<string>();
        _ = TakeMailsAsync(smtp, mails.Writer);
        await using var host = await RunningHost.StartAsync(Ct, settings: [
            $"--Flagstone:Workflows:Notices:Webhook=http://127.0.0.1:{port}/hook",
            $"--Flagstone:Workflows:Notices:Smtp=smtp://127.0.0.1:{((IPEndPoint)smtp.LocalEndpoint).Port}",
            "--Flagstone:Workflows:Notices:From=flagstone@example.com"]);
        var ada = new Inbox(host, await FrontendTests.IssueAsync(host, "ada@example.com", "approver"));
        await using var worker = RunningWorker.Start(await HostFixture.ConnectAsync(host));
        string[] requests = ["""{ "title": "Ship <it>?", "assignees": ["user:ada@example.com"], "description": "secret", "remindAfter": "1s", "escalateAfter": "3s", "escalateTo": ["user:eve@example.com"] }"""];
        var handle = await worker.Client.StartWorkflowAsync((ApprovalWorkflow w) => w.RunAsync(requests, 600_000), worker.Options("ship"));
        var id = await Inbox.TaskOfAsync(handle);

        // The first answer is an error: it is told again, under the same key.
        var (key, text) = await posts.Reader.ReadAsync(Ct);
        Assert.Equal($"{id}.Asked", key);
        Assert.StartsWith("To decide: Ship ‹it›? - Workflow ship in namespace default asks user:ada@example.com until ", text, StringComparison.Ordinal);
        Assert.EndsWith($" http://127.0.0.1:{host.Port}/inbox/{id}", text, StringComparison.Ordinal);
        var told = new HashSet<string> { key };
        while (!told.Contains($"{id}.Reminder"))
        {
            told.Add((await posts.Reader.ReadAsync(Ct)).Key);
        }

        // What is not told before the decision is not told any more.
        var recipients = new List<string>();
        await UntilAsync("Subject: Still to decide: Ship <it>?", "ada");
        await ada.DelegateAsync(id, "user:bob@example.com");
        await UntilAsync("Subject: Delegated: Ship <it>?", "bob");
        await UntilAsync("Subject: Escalated: Ship <it>?", "eve");
        await ada.DecideAsync(id);
        while (!told.Contains($"{id}.Decided"))
        {
            told.Add((await posts.Reader.ReadAsync(Ct)).Key);
        }

        await UntilAsync("Subject: Decided 'approve': Ship <it>?", "ada");
        Assert.Contains("Subject: To decide: Ship <it>?", told);
        await handle.GetResultAsync();

        async Task UntilAsync(string subject, string to)
        {
            while (!told.Contains(subject))
            {
                var mail = await mails.Reader.ReadAsync(Ct);
                Assert.DoesNotContain("secret", mail, StringComparison.Ordinal);
                var lines = mail.Split('\n').Select(l => l.Trim()).ToList();
                var about = lines.Single(l => l.StartsWith("Subject: ", StringComparison.Ordinal));
                told.Add(about);
                recipients.AddRange(lines.Where(l => l.StartsWith("RCPT TO:", StringComparison.Ordinal)).Select(l => $"{about} {l}"));
            }

            Assert.Contains($"{subject} RCPT TO:<{to}@example.com>", recipients);
        }
    }

    /// <summary>Answers the first post with an error.</summary>
    private static async Task TakePostsAsync(HttpListener listener, ChannelWriter<(string, string)> posts)
    {
        for (var first = true; ; first = false)
        {
            var context = await listener.GetContextAsync();
            using var reader = new StreamReader(context.Request.InputStream);
            var body = JsonNode.Parse(await reader.ReadToEndAsync())!;
            context.Response.StatusCode = first ? 500 : 200;
            context.Response.Close();
            await posts.WriteAsync((context.Request.Headers["Idempotency-Key"] ?? "", body["text"]!.ToString()));
        }
    }

    /// <summary>As much of RFC 5321 as a client needs; a mail is all that it said.</summary>
    private static async Task TakeMailsAsync(TcpListener listener, ChannelWriter<string> mails)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            await using var writer = new StreamWriter(stream) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 test");
            var said = new List<string>();
            var isData = false;
            while (await reader.ReadLineAsync() is { } line)
            {
                said.Add(line);
                if (isData && line != ".")
                {
                    continue;
                }

                isData = line == "DATA";
                await writer.WriteLineAsync(isData ? "354 go on" : line == "QUIT" ? "221 bye" : "250 ok");
                if (line == ".")
                {
                    await mails.WriteAsync(string.Join('\n', said));
                }
            }
        }
    }
}
