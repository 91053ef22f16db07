namespace Charging.Server.Accounts.Sms;

/// <summary>Settings under `Charging:Sms:Webhook`.</summary>
public sealed record WebhookSmsOptions
{
    /// <summary>The address that the messages are posted to.</summary>
    public string? Url { get; init; }

    /// <summary>The secret that signs them, of at least 32 characters; or <see cref="SecretFile"/>.</summary>
    public string? Secret { get; init; }

    /// <summary>A file that holds the secret.</summary>
    public string? SecretFile { get; init; }

    /// <summary>The name alone: a record would print the secret.</summary>
    public override string ToString() => nameof(WebhookSmsOptions);

    internal string? Complaint() => SmsOptions.UrlComplaint("Charging:Sms:Webhook:Url", Url);
}
